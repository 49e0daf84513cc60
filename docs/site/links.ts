import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { unescaped } from "./html";

/** Links of a site that lead nowhere: to a file that doesn't exist, or to an anchor that its page doesn't have. */
export function brokenLinks(site: string): readonly string[] {
  const ids = new Map<string, ReadonlySet<string>>();
  const idsOf = (file: string) => {
    const known = ids.get(file) ?? new Set(valuesOf(readFileSync(file, "utf8"), "id|name"));
    ids.set(file, known);
    return known;
  };
  return pagesIn(site).flatMap((page) => {
    const links = new Set(valuesOf(readFileSync(join(site, page), "utf8"), "href|src"));
    return [...links].flatMap((link) => {
      if (/^(https?|mailto|data):/.test(link)) return [];
      const [path = "", anchor] = link.split("#");
      const file = path === "" ? join(site, page) : join(site, dirname(page), decodeURIComponent(path));
      if (!existsSync(file)) return [`${page}: ${link}: ${relative(site, file)} doesn't exist`];
      if (!anchor || !file.endsWith(".html") || idsOf(file).has(decodeURIComponent(anchor))) return [];
      return [`${page}: ${link}: the page has no ${anchor}`];
    });
  });
}

/** Pages of a site, by their paths. */
export function pagesIn(site: string): readonly string[] {
  return readdirSync(site, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".html"));
}

function valuesOf(html: string, attributes: string): readonly string[] {
  return [...html.matchAll(new RegExp(` (?:${attributes})="([^"]+)"`, "g"))].map(([, value = ""]) => unescaped(value));
}
