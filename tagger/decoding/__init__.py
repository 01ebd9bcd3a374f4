"""Pictures are opened in a process of its own, within limits of memory and time.

A file that makes a decoder crash, hang or ask for all the memory there is costs that process, and
the picture gets its sentence. What comes back is text and pixels, and is not believed blindly.
"""

from tagger.decoding.decoder import Decoder

__all__ = ["Decoder"]
