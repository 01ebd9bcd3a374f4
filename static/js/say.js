/** Say that something did not work, where it is seen and heard, and offer to try again. */

/**
 * @param {unknown} error its message is a sentence for a person
 * @param {() => void} [again]
 */
export function say(error, again) {
  const sentence = error instanceof Error && error.message ? error.message : "This did not work. Try again.";
  const message = document.createElement("div");
  message.className = "message";
  message.append(sentence);
  if (again) {
    const button = document.createElement("button");
    button.className = "link";
    button.textContent = "Try again";
    button.addEventListener("click", () => {
      message.remove();
      again();
    });
    message.append(button);
  }
  document.getElementById("messages")?.replaceChildren(message);
}
