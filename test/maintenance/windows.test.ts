import { describe as inWords } from "../../constructs/core/errors";
import { WINDOWS, type Windows, windowProblems } from "../../constructs/maintenance";

const problems = (windows: Windows) =>
  windowProblems({ ...WINDOWS, ...windows }, { maintenance: 30, backup: 30 }).map((problem) => inWords({ ...problem, path: "db" }));

describe("Windows", () => {
  it("are apart where nobody names any", () => {
    expect(problems({})).toEqual([]);
  });

  it.each<[Windows, string]>([
    [{ maintenance: "sunday 02:00" }, `"sunday 02:00" must be a weekly time; write it like sun:02:00-sun:03:00`],
    [{ maintenance: "son:02:00-son:03:00" }, `"son:02:00-son:03:00" must be a weekly time; write it like sun:02:00-sun:03:00`],
    [{ backup: "24:00-25:00" }, `"24:00-25:00" must be a time of day; write it like 00:30-01:30`],
    [{ maintenance: "sun:02:00-sun:02:15" }, `"sun:02:00-sun:02:15" is too short for maintenance; use 30 minutes or more`],
    [{ backup: "00:30-00:45" }, `"00:30-00:45" is too short for a backup; use 30 minutes or more`],
    [{ backup: "02:30-03:30" }, `"02:30-03:30" meets the maintenance at sun:02:00-sun:03:00, and AWS does one at a time; keep them apart`],
    [
      { maintenance: "sat:23:30-sun:00:30", backup: "00:00-01:00" },
      `"00:00-01:00" meets the maintenance at sat:23:30-sun:00:30, and AWS does one at a time; keep them apart`,
    ],
    [
      { maintenance: "sun:00:00-sun:01:00", backup: "23:30-00:30" },
      `"23:30-00:30" meets the maintenance at sun:00:00-sun:01:00, and AWS does one at a time; keep them apart`,
    ],
  ])("are refused: %j", (windows, message) => {
    expect(problems(windows)).toEqual([`db: ${message}`]);
  });

  it("may follow each other, over midnight as well", () => {
    expect(problems({ maintenance: "sun:01:30-sun:02:30", backup: "00:30-01:30" })).toEqual([]);
    expect(problems({ maintenance: "sun:00:30-sun:01:30", backup: "23:30-00:30" })).toEqual([]);
  });
});
