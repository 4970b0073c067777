"""Actions towards a replacement: findings and rulings, facts, attestations, determinations."""
