/// The device seam: what a backend offers, and what a recorder of operations sees.
package org.sfumato.tensor.spi;
