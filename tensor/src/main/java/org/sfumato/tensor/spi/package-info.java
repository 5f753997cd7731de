/// The device seam: what a backend offers, and what a recorder of operations sees.
///
/// Start with [org.sfumato.tensor.spi.Backend]: memory and kernels of one device, found by the ServiceLoader. A kernel
/// gets [org.sfumato.tensor.spi.Operand]s, each a buffer, a type and a layout. [org.sfumato.tensor.spi.Recorder] is
/// how a tape listens. Users of the library need nothing from here; authors of a backend do.
package org.sfumato.tensor.spi;
