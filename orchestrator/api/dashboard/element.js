// Elements from values. Text always becomes a text node, so data can never turn into markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An HTML element. `attributes` whose value is a function are listeners ("click"), `true` sets an empty attribute,
 * and `false`, `null` or `undefined` leave it out. Children are nodes or text; empty ones are left out.
 */
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svgElement(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}
