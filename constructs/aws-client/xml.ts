/** Element of an answer in XML, without attributes. */
export class XmlElement {
  readonly children: XmlElement[] = [];
  content = "";

  constructor(readonly name: string) {}

  /** The first element of a name, at any depth. */
  find(name: string): XmlElement | undefined {
    for (const child of this.children) {
      const found = child.name === name ? child : child.find(name);
      if (found) return found;
    }
    return undefined;
  }

  /** Text of a child. Empty without it. */
  text(name: string): string {
    return this.child(name)?.content ?? "";
  }

  /** Elements of a child that is a list. */
  items(name: string): readonly XmlElement[] {
    return this.child(name)?.children ?? [];
  }

  private child(name: string): XmlElement | undefined {
    return this.children.find((child) => child.name === name);
  }
}

/** Parses an answer of AWS: elements and texts. Comments and CDATA are not used there. Returns its outermost element, or an empty one. */
export function parseXml(text: string): XmlElement {
  const open = [new XmlElement("")];
  for (const [, end, name, empty, content] of text.matchAll(/<(\/?)([\w:.-]+)[^>]*?(\/?)>|([^<]+)/g)) {
    const current = open.at(-1);
    if (!current) break;
    if (content !== undefined) current.content += decode(content);
    else if (end) open.pop();
    else {
      const element = new XmlElement(name ?? "");
      current.children.push(element);
      if (!empty) open.push(element);
    }
  }
  return open[0]?.children[0] ?? new XmlElement("");
}

function decode(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos|#x?[\da-f]+);/gi, (_, name: string) => ENTITIES[name] ?? character(name));
}

function character(name: string): string {
  return String.fromCodePoint(/^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1)));
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
