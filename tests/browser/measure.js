// Looks at the slide that is shown, and returns what is wrong with it and how small its text is.
// Evaluated in the page of a deck, once for each slide and screen size.
(limits) => {
  const slide =
    document.querySelector("section.present section.present") ||
    document.querySelector("section.present");
  const deck = document.querySelector(".reveal").getBoundingClientRect();
  const problems = [];
  const name = (element) => {
    const classes = String(element.className.baseVal ?? element.className).trim().split(/\s+/);
    return [element.tagName.toLowerCase(), classes.pop()].filter(Boolean).join(".");
  };
  // Pixels as on a screen of 720 lines: by how much the deck is scaled, by zoom or by transform.
  const slides = document.querySelector(".reveal .slides");
  const scaled = (slides.getBoundingClientRect().width / (slides.offsetWidth || 1)) *
    (720 / deck.height);
  const shorten = (text) => text.replace(/\s+/g, " ").trim().slice(0, 60);

  // What is on the slide but not to be seen there, or is cut on purpose
  const UNSEEN =
    "aside.notes, .reveal-skip, .cm-announced, mjx-assistive-mml, .MJX_Assistive_MathML, " +
    ".course-demo-text, .jp-InternalAnchorLink, .jp-InputPrompt, .jp-OutputPrompt, .cm-cursorLayer, " +
    ".cm-selectionLayer, .jp-Toolbar, .jp-cell-toolbar";
  const MATH = "mjx-container, .MathJax_SVG, .MathJax_SVG_Display";
  const isShown = (element) =>
    !element.closest(UNSEEN) &&
    element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const ownText = (element) =>
    [...element.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE && /[^\s\u200b]/.test(n.data));

  // Contrast as in WCAG 2: https://www.w3.org/TR/WCAG22/#contrast-minimum
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  canvas.canvas.width = canvas.canvas.height = 1;
  const channels = (color, below) => {
    canvas.fillStyle = `rgb(${below.join(" ")})`;
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const background = (element) => {
    const colors = [];
    for (let e = element; e; e = e.parentElement) colors.push(getComputedStyle(e).backgroundColor);
    return colors.reverse().reduce((below, color) => channels(color, below), [255, 255, 255]);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (element, style) => {
    const below = background(element);
    const pair = [luminance(channels(style.color, below)), luminance(below)].sort((a, b) => a - b);
    return (pair[1] + 0.05) / (pair[0] + 0.05);
  };

  const number = document.querySelector(".reveal .slide-number");
  const numberBox = number && isShown(number) && /\d+\s*\/\s*\d+/.test(number.textContent)
    ? number.getBoundingClientRect() : null;
  if (!numberBox) problems.push("no slide number");
  const covers = (box) => numberBox && box.width > 0 && box.left < numberBox.right &&
    box.right > numberBox.left && box.top < numberBox.bottom && box.bottom > numberBox.top;

  let right = -Infinity, bottom = -Infinity, text = Infinity, smallestCode = Infinity, seen = 0, words = "";
  const scrolling = new Set(), pale = new Set(), small = new Set();
  const measured = new Map(); // contrast by class and color: the same for most elements
  for (const element of slide.querySelectorAll("*")) {
    if (!isShown(element)) continue;
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    const style = getComputedStyle(element);
    right = Math.max(right, box.right - deck.right);
    bottom = Math.max(bottom, box.bottom - deck.bottom);
    const inMath = element.closest(MATH);
    const cuts = (overflow) => !inMath && /auto|scroll|hidden|clip/.test(overflow);
    const more = (whole, part) => part > 0 && whole > part + limits.tolerance;
    if (cuts(style.overflowY) && more(element.scrollHeight, element.clientHeight))
      scrolling.add(`${name(element)} hides ${element.scrollHeight - element.clientHeight} px below`);
    if (cuts(style.overflowX) && more(element.scrollWidth, element.clientWidth))
      scrolling.add(`${name(element)} hides ${element.scrollWidth - element.clientWidth} px right`);
    if (/^(img|svg|canvas|video|mjx-container)$/i.test(element.tagName)) seen++;
    if (element.matches("mjx-merror, .MathJax_Error, [data-mjx-error]"))
      problems.push(`a formula with an error: ${shorten(element.textContent)}`);
    const nodes = inMath ? [] : ownText(element);
    if (!nodes.length) continue;

    seen++;
    const own = nodes.map((n) => n.data).join(" ");
    words += own;
    const isCode = element.closest(".cm-editor, pre, code");
    const size = parseFloat(style.fontSize) * scaled;
    if (isCode) smallestCode = Math.min(smallestCode, size);
    else text = Math.min(text, size);
    if (size < (isCode ? limits.code : limits.text) - 0.05)
      small.add(`${+size.toFixed(1)} px: ${shorten(own)}`);
    if (!isCode && /\$\$|\$[^\s$][^$]*\$|\\\(|\\begin\{/.test(own))
      problems.push(`math that is not typeset: ${shorten(own)}`);
    if (element.closest(".jp-CodeCell") && own.trim().startsWith("# Solution"))
      problems.push("a solution is to be seen");
    const like = [element.className, style.color, style.fontWeight, size,
      name(element.parentElement)].join();
    if (!measured.has(like)) measured.set(like, contrast(element, style));
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (measured.get(like) < (large ? 3 : 4.5))
      pale.add(`contrast ${measured.get(like).toFixed(1)}: ${shorten(own)}`);
    if (covers(box)) for (const node of nodes) {
      const range = document.createRange();
      range.selectNodeContents(node);
      if ([...range.getClientRects()].some(covers))
        problems.push(`the slide number covers: ${shorten(node.data)}`);
    }
  }
  for (const image of slide.querySelectorAll("img")) {
    if (!isShown(image)) continue;
    if (!image.naturalWidth) problems.push("a picture that does not load");
    // "Image" is what JupyterLab writes where there is nothing
    if (["", "Image"].includes(image.alt.trim())) problems.push("a picture without a text");
  }
  for (const handle of slide.querySelectorAll("[role=slider], button, [role=button]"))
    if (isShown(handle) && !(handle.getAttribute("aria-label") ?? handle.textContent).trim() && !handle.title)
      problems.push(`a control without a name: ${name(handle)}`);
  const area = slides.getBoundingClientRect();
  const part = Math.min(1, (area.width * area.height) / (deck.width * deck.height));
  if (part < 0.97) problems.push(`the slide fills ${Math.round(100 * part)}% of the screen`);
  if (!seen) problems.push("empty");
  if (right > limits.tolerance) problems.push(`runs ${Math.ceil(right)} px off the right edge`);
  if (bottom > limits.tolerance) problems.push(`runs ${Math.ceil(bottom)} px off the bottom edge`);
  problems.push(...scrolling, ...[...small].slice(0, 3), ...[...pale].slice(0, 3));
  const heading = slide.querySelector("h1, h2, h3");
  const code = (element) => isShown(element) && /\bclaim\(/.test(element.textContent);
  return {
    heading: Boolean(heading && isShown(heading)),
    claimCode: [...slide.querySelectorAll(".cm-content, .highlight pre")].some(code),
    title: shorten(heading ? heading.textContent : words),
    problems: [...new Set(problems)],
    room: Math.floor(-bottom),
    text: Number.isFinite(text) ? text : null,
    code: Number.isFinite(smallestCode) ? smallestCode : null,
  };
}
