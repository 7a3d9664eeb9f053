/** HTML that cannot be broken by what is put into it: interpolated text is escaped, interpolated markup is not. */

export class Markup {
  constructor(readonly text: string) {}
}

type Content = string | number | Markup | readonly Markup[];

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function put(content: Content): string {
  if (content instanceof Markup) return content.text;
  if (typeof content === "object") return content.map((part) => part.text).join("");
  return String(content).replace(/[&<>"']/g, (character) => entities[character] as string);
}

/** A template literal of markup. */
export function html(strings: TemplateStringsArray, ...contents: Content[]): Markup {
  return new Markup(strings.map((text, i) => (i === 0 ? text : put(contents[i - 1] as Content) + text)).join(""));
}
