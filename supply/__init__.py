"""What the product is made of: its bill of materials, known weaknesses in it, and the images beneath it."""
