/** Say what has happened, where it is seen and heard (#messages), with one thing to do about it. */

import { ApiError } from "./api.js";

/**
 * @param {string} sentence
 * @param {string} [word] of the button; none where it is empty
 * @param {() => unknown} [action]
 * @returns {HTMLElement} the message
 */
export function tell(sentence, word, action) {
  const message = document.createElement("div");
  message.className = "message";
  message.append(sentence);
  if (word) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link";
    button.textContent = word;
    button.dataset.key = "u";
    button.addEventListener("click", () => {
      message.remove();
      action?.();
    });
    message.append(button);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "message-close";
  close.ariaLabel = "Close";
  message.append(close);
  document.getElementById("messages")?.replaceChildren(message);
  return message;
}

/**
 * Say that something did not work, and offer to try again.
 * @param {unknown} error its message is a sentence for a person
 * @param {() => unknown} [again]
 */
export function say(error, again) {
  const sentence = error instanceof Error && error.message ? error.message : "This did not work. Try again.";
  const message = tell(sentence, again && "Try again", again);
  // Done again by itself when there is a connection again (follow.js).
  message.toggleAttribute("data-unconnected", error instanceof ApiError && error.status === 0);
}

document.addEventListener("click", ({ target }) => {
  if (target instanceof Element && target.matches(".message-close")) target.parentElement?.remove();
});
