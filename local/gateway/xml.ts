import { XMLBuilder, XMLParser } from 'fast-xml-parser';

/** The content of an XML document: elements by name, text unchanged. A repeated element is a list. */
export type Xml = { [name: string]: Xml | Xml[] | string };

const options = { ignoreAttributes: false, parseTagValue: false, parseAttributeValue: false };
const parser = new XMLParser(options);
const builder = new XMLBuilder(options);

/** Parses a document. @throws if it is not XML */
export function readXml(body: Buffer | string): Xml {
  return parser.parse(body.toString()) as Xml;
}

/** Writes a document, escaped. Names of attributes start with `@_`. */
export function writeXml(document: Xml): string {
  return builder.build(document);
}

/** The element at a path of names; undefined if there is none. */
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
