import js from "@eslint/js";
import globals from "globals";

/** Ways to turn data into markup: the one thing that must not happen with names and labels. */
const markupFromData = ["innerHTML", "outerHTML"].map((name) => ({
  selector: `AssignmentExpression[left.property.name='${name}']`,
  message: `${name} turns data into markup: build elements and set textContent.`,
}));

export default [
  { ignores: [".aws-sam/", ".venv*/", "library/", "test-results/"] },
  js.configs.recommended,
  {
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-console": "error",
      "no-restricted-syntax": [
        "error",
        ...markupFromData,
        {
          selector: "CallExpression[callee.property.name='insertAdjacentHTML']",
          message: "insertAdjacentHTML turns data into markup: build elements instead.",
        },
      ],
      "max-lines": ["error", 400],
      "max-lines-per-function": ["error", 60],
    },
  },
  { files: ["static/js/**/*.js"], languageOptions: { globals: globals.browser } },
  {
    files: ["tests/js/**/*.js", "*.config.js"],
    languageOptions: { globals: globals.node },
    // A test file's one describe() holds all its cases.
    rules: { "max-lines-per-function": "off" },
  },
];
