// In JupyterLab: a notebook that was only opened is not changed, and Alt+R presents it.

const PRESENT = "course:present";

// The notebook without what JupyterLab writes into it on its own: the kernel's name and version.
function contentOf(model) {
  const { metadata, ...rest } = model.toJSON();
  const { language_info, kernelspec, ...kept } = metadata ?? {};
  return JSON.stringify({ ...rest, metadata: kept });
}

export function keepClean(panel) {
  panel.context.ready.then(() => {
    const model = panel.context.model;
    let saved = contentOf(model);
    panel.context.saveState.connect((_, state) => {
      if (state === "completed") saved = contentOf(model);
    });
    const look = () => {
      if (model.dirty && contentOf(model) === saved) model.dirty = false;
    };
    model.stateChanged.connect((_, change) => {
      if (change.name === "dirty" && change.newValue) look();
    });
    look();
  });
}

// Once the style is there, the panels ask again how narrow they may be.
export function widenFileList(app, style) {
  const fit = () => {
    for (const widget of app.shell.widgets("left")) widget.parent?.parent?.fit();
  };
  if (style.sheet) fit();
  else style.addEventListener("load", fit);
}

export function addPresent(app, tracker, page) {
  app.commands.addCommand(PRESENT, {
    label: "Present as Slides",
    caption: "Show this notebook as slides in a tab of its own, from the selected cell on",
    isEnabled: () => tracker.currentWidget !== null,
    execute: async () => {
      const { context, content } = tracker.currentWidget;
      // a tab that is opened later than the key press would be taken for an advertisement
      const tab = window.open("", "_blank");
      if (context.model.dirty) await context.save();
      const address = new URL(`${page.baseUrl}rise/${encodeURI(context.path)}`, location.href);
      address.searchParams.set("activeCellIndex", content.activeCellIndex);
      if (tab) tab.location.href = address.href;
      else location.href = address.href;
    },
  });
  // On the window, before JupyterLab: there the key belongs to RISE, for a narrow pane at the side.
  const onKey = (event) => {
    const alone = event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    const typing = event.target.closest?.("input, textarea");
    if (!alone || event.code !== "KeyR" || typing || !tracker.currentWidget) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    app.commands.execute(PRESENT);
  };
  window.addEventListener("keydown", onKey, true);
}
