/// Tensors: shapes, data types, devices, scopes of memory, random numbers, and every operation a user calls.
package org.sfumato.tensor;
