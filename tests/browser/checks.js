// Runs in a page; returns what is wrong with it, as a list of sentences. The
// window's width is given, as a phone's innerWidth grows with what overflows.
(parts, width) => {
  const faults = [];
  const all = (selector) => [...document.querySelectorAll(selector)];

  for (const details of all("details")) details.open = true;

  if (document.documentElement.scrollWidth > width) {
    const wide = all("body *").filter((e) => e.getBoundingClientRect().right > width && !e.closest(".scroll, svg"));
    const names = wide.slice(0, 5).map((e) => e.outerHTML.slice(0, 80));
    faults.push(`is ${document.documentElement.scrollWidth} px wide: ${names.join(" | ")}`);
  }

  const kind = document.querySelector("header[id]")?.id;
  if (!parts[kind]) faults.push(`is of no known kind: ${kind}`);
  for (const [selector, least] of Object.entries(parts[kind] ?? {})) {
    const found = all(selector).filter((e) => selector.includes("caption") || e.getClientRects().length > 0);
    if (found.length < least) faults.push(`has ${found.length} visible ${selector}, not ${least}`);
  }
  for (const chart of all("svg.chart")) {
    const box = chart.getBoundingClientRect();
    if (box.width < 250 || box.height < 150) faults.push(`a chart is ${box.width} x ${box.height} px`);
    for (const text of chart.querySelectorAll("text")) {
      const t = text.getBoundingClientRect();
      if (t.left < box.left - 1 || t.right > box.right + 1 || t.top < box.top - 1 || t.bottom > box.bottom + 1)
        faults.push(`a chart cuts off "${text.textContent}"`);
      if (t.height < 10) faults.push(`"${text.textContent}" is ${t.height} px high`);
    }
  }

  if (document.documentElement.lang !== "en") faults.push("has no language");
  if (!document.title) faults.push("has no title");
  if (all("script").length) faults.push("has a script");
  if (all("h1").length !== 1) faults.push(`has ${all("h1").length} main headings`);
  for (const table of all("table")) if (!table.caption) faults.push("a table has no caption");
  for (const svg of all("svg"))
    if (!svg.getAttribute("aria-label") && svg.getAttribute("aria-hidden") !== "true") faults.push("a plot has no name");
  for (const box of all(".scroll"))
    if (box.tabIndex !== 0 || !box.getAttribute("aria-label")) faults.push("a scroll box is out of the keyboard's reach");

  // Contrast. A canvas turns any CSS colour into four bytes.
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const bytes = (colour) => {
    if (!known.has(colour)) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      known.set(colour, [...context.getImageData(0, 0, 1, 1).data]);
    }
    return known.get(colour);
  };
  const over = (top, below) => top.slice(0, 3).map((c, i) => (c * top[3] + below[i] * (255 - top[3])) / 255);
  const background = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(bytes(getComputedStyle(e).backgroundColor));
    return layers.reduceRight((below, top) => over(top, below), [255, 255, 255]);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const low = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || element.tagName === "title") continue;
    const style = getComputedStyle(element);
    const inSvg = element.closest("svg") !== null;
    const behind = background(element.closest("svg") ?? element);
    const front = over(bytes(inSvg ? style.fill : style.color), behind);
    const [dark, light] = [luminance(front), luminance(behind)].sort((a, b) => a - b);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) low.add(`contrast ${ratio.toFixed(2)} of ${element.tagName}.${element.className}`);
  }
  faults.push(...low);
  for (const details of all("details")) details.open = false;
  return faults;
}
