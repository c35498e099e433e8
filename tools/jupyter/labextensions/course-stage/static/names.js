// Names for those who hear the page: pictures get the text that is stored with them, the handles of
// sliders the label beside them. JupyterLab and ipywidgets leave both out.

// The output model whose picture an element is in.
function outputOf(element, tracker) {
  const node = element.closest(".jp-CodeCell");
  const panel = tracker.find((candidate) => candidate.node.contains(node));
  const cell = panel?.content.widgets.find((widget) => widget.node === node);
  const at = cell?.outputArea?.widgets.findIndex((widget) => widget.node.contains(element));
  return at >= 0 ? cell.outputArea.model.get(at) : undefined;
}

function textOfPicture(image, tracker) {
  const demo = image.closest(".course-demo");
  if (demo) return demo.querySelector(".course-demo-text")?.textContent.trim();
  const metadata = outputOf(image, tracker)?.metadata ?? {};
  return metadata["image/png"]?.alt ?? metadata["image/jpeg"]?.alt;
}

function labelOf(element) {
  const widget = element.closest(".jupyter-widgets");
  return widget?.querySelector(".widget-label")?.textContent.trim() ?? "";
}

function nameAll(root, tracker) {
  const all = (selector) =>
    root.matches?.(selector) ? [root] : [...(root.querySelectorAll?.(selector) ?? [])];
  // JupyterLab names some pictures "Image", which says nothing
  const unnamed = ':is(.jp-OutputArea, .course-demo) img:is(:not([alt]), [alt="Image"])';
  for (const image of all(unnamed)) {
    const text = textOfPicture(image, tracker);
    if (!text) continue;
    image.alt = text;
    // what stood in for it would be heard twice
    image.closest(".course-demo")?.querySelector(".course-demo-text")?.setAttribute("aria-hidden", "true");
  }
  for (const handle of all(".noUi-handle:not([aria-label])")) {
    handle.setAttribute("aria-label", labelOf(handle) || "slider");
  }
  for (const readout of all(".widget-readout[contenteditable]:not([aria-label])")) {
    readout.setAttribute("role", "textbox");
    readout.setAttribute("aria-label", `value of ${labelOf(readout) || "the slider"}`);
  }
}

export function nameEverything(tracker) {
  nameAll(document.body, tracker);
  new MutationObserver((records) => {
    for (const record of records)
      for (const node of record.addedNodes)
        if (node.nodeType === Node.ELEMENT_NODE) {
          nameAll(node, tracker);
          // a widget gets its label after its slider, and a cell its place after its output
          requestAnimationFrame(() => nameAll(node, tracker));
        }
  }).observe(document.body, { childList: true, subtree: true });
}
