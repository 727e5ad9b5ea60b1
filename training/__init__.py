"""Training of scrim's detector: data, network, losses, export and measures.

The detector answers one question: where are faces and licence plates, so that they can be removed. Nothing in this
package describes a face, compares two or reads a plate.
"""
