import { XMLBuilder, XMLParser } from 'fast-xml-parser';

/** What an XML document holds: elements by name, text as it was. A repeated element is a list. */
export type Xml = { [name: string]: Xml | Xml[] | string };

const options = { ignoreAttributes: false, parseTagValue: false, parseAttributeValue: false };
const parser = new XMLParser(options);
const builder = new XMLBuilder(options);

/** Reads a document. @throws when it is none */
export function readXml(body: Buffer | string): Xml {
  return parser.parse(body.toString()) as Xml;
}

/** Writes a document, escaped. Attributes are named with `@_`. */
export function writeXml(document: Xml): string {
  return builder.build(document);
}

/** The element at a path of names; undefined where there is none. */
export function elementAt(document: Xml, ...path: readonly string[]): Xml | string | undefined {
  let here: Xml | Xml[] | string | undefined = document;
  for (const name of path) {
    if (here === undefined || typeof here === 'string' || Array.isArray(here)) return undefined;
    here = here[name];
  }
  return Array.isArray(here) ? here[0] : here;
}

/** The text at a path of names. */
export function textAt(document: Xml, ...path: readonly string[]): string | undefined {
  const found = elementAt(document, ...path);
  return typeof found === 'string' ? found : undefined;
}
