/**
 * What runs on every page. Each module is one behaviour, attached to HTML that already works.
 */
import "./gallery/arrows.js";
import "./gallery/complete.js";
import "./gallery/follow.js";
import "./gallery/keys.js";
import "./gallery/live.js";
import "./gallery/renew.js";
import "./gallery/slider.js";
import "./picture/boxes.js";
import "./picture/copy.js";
import "./picture/forms.js";
import "./picture/waiting.js";
import "./picture/zoom.js";
import "./select/act.js";
import "./upload/start.js";
