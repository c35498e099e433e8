// What the guide for instructors promises of a live deck, over what RISE does: keys that work from
// the first second, focused controls that keep theirs, long output that scrolls, folded code.

import { Help, Notes, Overview, titleOf } from "./windows.js";
import { followProgress } from "./progress.js";

const EDITOR = ".cm-content, textarea, [contenteditable='true'], " +
  "input:not([type=checkbox], [type=radio], [type=button], [type=range])";
const CONTROL = "button, select, summary, a[href], input, label, [role=button], .noUi-handle";
const ACTS = [" ", "Enter"];
const MOVES = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"];
const SCROLLED_BY_KEY = 0.4; // of the height of what scrolls
const SMALLEST_PICTURE = 0.6; // of its height; below that the slide scrolls
const LOWEST_OUTPUT = 140; // px on a slide of 720
const SLACK = 2; // px, for borders and rounding

// Reveal is a private object of RISE, but it listens to messages.
const reveal = (method, ...args) => window.postMessage(JSON.stringify({ method, args }), "*");

export class Deck {
  constructor(tracker, actions, opened, page) {
    this.actions = actions;
    this.opened = opened;
    this.page = page;
    this.dialogs = { help: new Help(), overview: new Overview(this), notes: new Notes(this) };
    this.commands = {
      w: () => this.dialogs.overview.toggle(),
      t: () => this.dialogs.notes.open(),
      f: () => this.fullScreen(),
      c: () => this.toggleCode(),
      "?": () => this.dialogs.help.toggle(),
      h: () => this.dialogs.help.toggle(),
      Home: () => this.go(0, 0),
      End: () => this.go(this.places().at(-1)[0], this.places().at(-1)[1]),
      ArrowDown: () => this.scroll(1),
      ArrowUp: () => this.scroll(-1),
    };
    const start = (panel) => {
      this.panel = panel;
      this.whenReady();
    };
    tracker.forEach(start);
    tracker.widgetAdded.connect((_, panel) => start(panel));
  }

  whenReady() {
    const wrapper = document.querySelector(".reveal.ready .slides section.present");
    if (wrapper) this.begin();
    else setTimeout(() => this.whenReady(), 50);
  }

  begin() {
    this.wrapper = document.querySelector(".reveal");
    window.addEventListener("keydown", (event) => this.onKey(event), true);
    const moved = () => {
      this.dialogs.notes.follow();
      this.fitSoon();
    };
    for (const name of ["slidechanged", "fragmentshown", "fragmenthidden"])
      this.wrapper.addEventListener(name, moved);
    window.addEventListener("resize", () => this.fitSoon());
    new MutationObserver(() => this.fitSoon()).observe(this.panel.content.node, {
      childList: true,
      subtree: true,
    });
    this.foldCode();
    this.nameHelpButton();
    this.startAtCell();
    if (this.opened.searchParams.has("progress")) followProgress(this.panel.context.path, this.page);
    window.focus();
    this.panel.content.node.focus({ preventScroll: true });
    document.documentElement.dataset.courseStage = "ready";
    this.fitSoon();
  }

  // ---- where the deck is

  get slide() {
    return this.wrapper.querySelector("section.present section.present") ??
      this.wrapper.querySelector("section.present");
  }

  slides() {
    return [...this.wrapper.querySelectorAll(".slides > section")].flatMap((stack) => {
      const inner = [...stack.querySelectorAll(":scope > section")];
      return inner.length ? inner : [stack];
    });
  }

  places() {
    return this.slides().map((slide) => {
      const own = (element) =>
        [...element.parentElement.children].filter((e) => e.tagName === "SECTION").indexOf(element);
      const stack = slide.parentElement;
      return stack.tagName === "SECTION" ? [own(stack), own(slide)] : [own(slide), 0];
    });
  }

  go(h, v) {
    reveal("slide", h, v);
  }

  startAtCell() {
    const index = parseInt(this.opened.searchParams.get("activeCellIndex") ?? "", 10);
    const node = this.panel.content.widgets[index]?.node;
    const at = this.slides().findIndex((slide) => slide.contains(node));
    if (at > 0) this.go(...this.places()[at]);
  }

  // ---- keys

  // It listens on the window, before JupyterLab and Reveal, which listen on the document.
  onKey(event) {
    if (event.isComposing || event.defaultPrevented || event === this.passedOn) return;
    const open = document.querySelector("dialog.course-dialog[open]");
    const command = this.commands[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (open) {
      // Escape closes it, Tab and Enter choose: the browser does that, and nobody else
      event.stopImmediatePropagation();
      if (["w", "?", "h"].includes(event.key.toLowerCase())) {
        event.preventDefault();
        open.close();
      }
      return;
    }
    const target = event.target instanceof Element ? event.target : document.body;
    const editing = target.closest(EDITOR);
    if (event.key === "Enter" && event.ctrlKey !== event.shiftKey && !event.altKey) {
      if (editing && !target.closest(".jp-Cell .cm-content")) return;
      this.take(event);
      this.run(event.shiftKey);
      return;
    }
    if (editing) {
      if (event.key === "Escape") return; // JupyterLab leaves the editor
      return;
    }
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (target.closest(CONTROL) && this.leaveToControl(event, target)) return;
    if (command) {
      this.take(event);
      command();
    }
  }

  take(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  // Whether the key is one that the focused control understands; then only the control gets it.
  leaveToControl(event, target) {
    const handle = target.closest(".noUi-handle, [role=button]:not(button)");
    const moves = handle?.matches(".noUi-handle") || target.matches("select, input[type=range]");
    if (!(ACTS.includes(event.key) || (moves && MOVES.includes(event.key)))) return false;
    event.stopImmediatePropagation();
    if (handle) {
      // it has a listener of its own, which the event no longer reaches: it gets a copy
      event.preventDefault();
      if (handle.matches(".noUi-handle")) {
        const { key, code, shiftKey } = event;
        this.passedOn = new KeyboardEvent("keydown", { key, code, shiftKey, cancelable: true });
        handle.dispatchEvent(this.passedOn);
      } else handle.click();
    }
    return true;
  }

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen();
  }

  scroll(direction) {
    const long = this.slide.querySelector(".course-long") ?? this.slide.closest(".course-long");
    long?.scrollBy({ top: direction * SCROLLED_BY_KEY * long.clientHeight, behavior: "instant" });
  }

  // ---- running cells

  codeCells() {
    return this.panel.content.widgets.filter(
      (cell) =>
        cell.model.type === "code" &&
        this.slide.contains(cell.node) &&
        !cell.node.closest(".reveal-skip, aside.notes, .fragment:not(.visible)") &&
        !(cell.model.getMetadata("tags") ?? []).includes("solution")
    );
  }

  async run(goOn) {
    const notebook = this.panel.content;
    const cells = this.codeCells();
    const at = Math.max(0, cells.indexOf(notebook.activeCell));
    if (!cells.length) {
      if (goOn) reveal("next");
      return;
    }
    notebook.activeCellIndex = notebook.widgets.indexOf(cells[at]);
    notebook.deselectAll();
    notebook.mode = "command";
    const running = this.actions.run(notebook, this.panel.context.sessionContext);
    if (goOn && at + 1 < cells.length) {
      notebook.activeCellIndex = notebook.widgets.indexOf(cells[at + 1]);
    } else if (goOn) reveal("next");
    await running;
    this.fitSoon();
  }

  // ---- code that is folded: claims and plotting calls

  foldCode() {
    for (const cell of this.panel.content.widgets) {
      const hidden = cell.model.type === "code" && cell.inputHidden;
      if (!hidden || (cell.model.getMetadata("tags") ?? []).includes("solution")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "course-code-button";
      button.textContent = "code";
      button.setAttribute("aria-expanded", "false");
      button.addEventListener("click", (event) => {
        event.stopPropagation();
        this.showCode(cell, cell.inputHidden);
      });
      cell.node.append(button);
      cell.courseButton = button;
    }
  }

  showCode(cell, shown) {
    cell.inputHidden = !shown;
    cell.courseButton.setAttribute("aria-expanded", String(shown));
    this.fitSoon();
  }

  toggleCode() {
    const folded = this.codeCells().filter((cell) => cell.courseButton);
    const show = folded.some((cell) => cell.inputHidden);
    for (const cell of folded) this.showCode(cell, show);
  }

  // ---- output that is longer than the slide

  fitSoon() {
    cancelAnimationFrame(this.fitting);
    this.fitting = requestAnimationFrame(() => this.fit());
  }

  below() {
    const end = this.wrapper.getBoundingClientRect().bottom;
    const bottoms = [...this.slide.querySelectorAll(".jp-Cell")]
      .filter((cell) => !cell.closest(".reveal-skip, aside.notes") && cell.checkVisibility())
      .map((cell) => cell.getBoundingClientRect().bottom);
    return Math.max(0, ...bottoms) - end;
  }

  fit() {
    const slide = this.slide;
    if (!slide) return;
    for (const long of slide.querySelectorAll(".course-long")) this.release(long);
    this.release(slide);
    for (const image of slide.querySelectorAll(".course-shrunk")) {
      image.classList.remove("course-shrunk");
      image.style.maxHeight = "";
    }
    if (this.below() <= SLACK) return;
    this.shrinkPicture();
    if (this.below() <= SLACK) return;
    const high = (area) => area.getBoundingClientRect().height;
    const outputs = [...slide.querySelectorAll(".jp-Cell-outputArea")].filter(
      (area) => !area.closest(".reveal-skip, aside.notes") && !area.querySelector(".course-demo")
    );
    const longest = outputs.sort((a, b) => high(b) - high(a))[0];
    const zoom = slide.currentCSSZoom ?? 1;
    if (longest) {
      const left = (high(longest) - this.below()) / zoom - SLACK;
      this.hold(longest, Math.max(LOWEST_OUTPUT, left), "Output: it scrolls");
      if (longest.querySelector("[data-mime-type='application/vnd.jupyter.stderr']"))
        longest.scrollTop = longest.scrollHeight; // what helps stands at the end of an error
    }
    if (this.below() > SLACK)
      this.hold(slide, this.wrapper.getBoundingClientRect().height / zoom, "Slide: it scrolls");
  }

  // A picture above which somebody has opened the code becomes smaller rather than cut.
  shrinkPicture() {
    const high = (image) => image.getBoundingClientRect().height;
    const images = [...this.slide.querySelectorAll(".jp-RenderedImage img")];
    const largest = images.sort((a, b) => high(b) - high(a))[0];
    const left = largest ? high(largest) - this.below() - SLACK : 0;
    if (!largest || left < SMALLEST_PICTURE * high(largest)) return;
    largest.classList.add("course-shrunk");
    largest.style.maxHeight = `${left / (this.slide.currentCSSZoom ?? 1)}px`;
  }

  hold(element, height, name) {
    element.classList.add("course-long");
    element.style.maxHeight = `${height}px`;
    element.tabIndex = 0;
    element.setAttribute("role", "region");
    element.setAttribute("aria-label", name);
  }

  release(element) {
    if (!element.classList.contains("course-long")) return;
    element.classList.remove("course-long");
    element.style.maxHeight = "";
    for (const name of ["tabindex", "role", "aria-label"]) element.removeAttribute(name);
  }

  // ---- RISE's own button

  nameHelpButton() {
    const button = document.getElementById("help-b");
    if (!button) return;
    button.setAttribute("role", "button");
    button.setAttribute("aria-label", "Keys of the slides");
    button.title = "Keys of the slides (?)";
    button.tabIndex = 0;
    button.addEventListener("click", (event) => {
      event.stopImmediatePropagation();
      this.dialogs.help.toggle();
    }, true);
  }

  title(slide) {
    return titleOf(slide);
  }
}
