/// The Reverse Transformer: diffusion of one vector for each text, between an encoder and a decoder of text.
package org.sfumato.models.reverse;
