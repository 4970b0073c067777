// A small program with the types that were made from the document; `tsc --noEmit --strict` reads it.
import type { components, operations, paths } from "./api";

type Listed = operations["list_pumps"]["responses"][200]["content"]["application/json"];
type Problem = components["schemas"]["Problem"];
type Enrolment = operations["enrol_pump"]["requestBody"]["content"]["application/json"];
type SameCall = paths["/api/v1/pumps"]["get"] extends operations["list_pumps"] ? true : never;

export const same: SameCall = true;
export const enrolment: Enrolment = { serial: "SN-1", model: "synchromed-ii-20" };

export async function serials(address: string, token: string): Promise<string[]> {
  const answer = await fetch(`${address}/api/v1/pumps?limit=10`, { headers: { Authorization: `Bearer ${token}` } });
  if (!answer.ok) {
    const problem = (await answer.json()) as Problem;
    throw new Error(`${problem.status}: ${problem.detail}`);
  }
  const page = (await answer.json()) as Listed;
  return page.items.map((pump) => pump.serial);
}

// @ts-expect-error a serial is text
export const wrong: Enrolment = { serial: 1, model: "synchromed-ii-20" };
