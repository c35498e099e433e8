// How JupyterLab and RISE load an extension: a container in the form of webpack's module federation,
// written by hand. `init` gets the packages that the page shares, `get` gives our plugins.
(() => {
  const here = document.currentScript.src;
  const opened = new URL(location.href); // RISE takes the arguments out of the address later
  let shared;
  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB["course-stage"] = {
    init: (scope) => {
      shared = scope;
    },
    get: async () => {
      const { plugins } = await import(new URL("stage.js", here));
      const found = await plugins(shared, opened, here);
      return () => ({ __esModule: true, default: found });
    },
  };
})();
