/**
 * What runs on every page. Each module is one behaviour, attached to HTML that already works.
 */
import "./gallery/complete.js";
import "./gallery/keys.js";
import "./gallery/live.js";
import "./gallery/more.js";
import "./gallery/slider.js";
import "./picture/boxes.js";
import "./picture/copy.js";
import "./picture/labels.js";
import "./picture/waiting.js";
import "./upload/start.js";
