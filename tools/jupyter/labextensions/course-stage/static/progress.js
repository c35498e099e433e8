// A small mark on the deck while `make present` runs its cells.

const EVERY_MS = 1000;
const LAST_WORD_MS = 4000;

export function followProgress(notebook, page) {
  const mark = document.createElement("div");
  mark.className = "course-run-mark";
  mark.setAttribute("role", "status");
  document.body.append(mark);
  const address = new URL(`${page.baseUrl}files/progress.json`, location.href);

  const look = async () => {
    let told;
    try {
      const answer = await fetch(address, { cache: "no-store" });
      told = answer.ok ? (await answer.json())[notebook] : undefined;
    } catch {
      told = undefined; // between two writes, or the server is just going
    }
    if (told) {
      mark.classList.toggle("trouble", Boolean(told.trouble));
      mark.title = told.trouble ?? "";
      const cells = told.ended ? "" : `cell ${told.done + 1} of ${told.cells} is running`;
      mark.textContent = [cells, told.trouble].filter(Boolean).join(": ");
      if (told.ended && !told.trouble) {
        mark.textContent = "all cells have run";
        setTimeout(() => mark.remove(), LAST_WORD_MS);
      }
      if (told.ended) return;
    }
    setTimeout(look, EVERY_MS);
  };
  look();
}
