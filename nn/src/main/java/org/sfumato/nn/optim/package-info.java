/// Optimisers, learning-rate schedules, clipping, accumulation and averaging of parameters.
package org.sfumato.nn.optim;
