/// The device `reference`: every operation in plain loops and float64, the oracle of all other devices.
package org.sfumato.tensor.reference;
