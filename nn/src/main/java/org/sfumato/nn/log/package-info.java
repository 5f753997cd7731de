/// Logs of a training run: TensorBoard's event files, CSV, and curves as SVG.
package org.sfumato.nn.log;
