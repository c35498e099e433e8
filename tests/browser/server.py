"""A JupyterLab server for tests: on copies of the notebooks, with settings of its own.
So a test neither changes the course nor depends on how the user has set up JupyterLab.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab import LabServer

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
SETTINGS = {"@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"}}  # all cells


@contextmanager
def isolated_server(scratch: Path) -> Iterator[LabServer]:
    """Serve copies of all notebooks; everything that Jupyter keeps goes below `scratch`."""
    folder = scratch / "notebooks"
    folder.mkdir()
    for path in [*NOTEBOOKS.glob("*.ipynb"), NOTEBOOKS / "rise.css"]:
        shutil.copy(path, folder)
    for name, values in SETTINGS.items():
        path = scratch / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    environment = {
        "JUPYTER_CONFIG_DIR": str(scratch / "config"),
        "JUPYTER_DATA_DIR": str(scratch / "data"),
        "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(scratch / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(scratch / "workspaces"),
        "IPYTHONDIR": str(scratch / "ipython"),
        "TQDM_DISABLE": "1",
    }
    log = scratch / "server.log"
    with LabServer(folder, "--no-browser", settings=environment, log=log) as server:
        yield server
