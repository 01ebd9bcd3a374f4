/**
 * What runs on every page. Each module is one behaviour, attached to HTML that already works.
 */
import "./upload/start.js";
