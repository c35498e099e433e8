// The plugins of this extension: one for notebooks in JupyterLab, one for slides in RISE.

import { nameEverything } from "./names.js";
import { Deck } from "./deck.js";
import { addPresent, keepClean, widenFileList } from "./lab.js";

// A package that the page shares with its extensions; undefined if it has none of that name.
async function sharedPackage(scope, name) {
  const versions = Object.values(scope[name] ?? {});
  return versions.length ? (await versions[0].get())() : undefined;
}

function addStyle(here) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL("stage.css", here).href;
  document.head.append(link);
  return link;
}

export async function plugins(scope, opened, here) {
  const { INotebookTracker, NotebookActions } = await sharedPackage(scope, "@jupyterlab/notebook");
  const page = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  const inRise = page.appName === "Rise";
  const style = addStyle(here);
  return [
    {
      id: "course-stage:plugin",
      description: "Slides that fill the screen and obey the keyboard; pictures with a text.",
      autoStart: true,
      requires: [INotebookTracker],
      activate: (app, tracker) => {
        nameEverything(tracker);
        const look = (panel) => keepClean(panel);
        tracker.forEach(look);
        tracker.widgetAdded.connect((_, panel) => look(panel));
        if (inRise) new Deck(tracker, NotebookActions, opened, page);
        else {
          addPresent(app, tracker, page);
          app.restored.then(() => widenFileList(app, style));
        }
      },
    },
  ];
}
