/// Optimisers, learning-rate schedules, clipping, accumulation and averaging of parameters.
///
/// Start with [org.sfumato.nn.optim.AdamW]. An [org.sfumato.nn.optim.Optimizer] is made of named parameters, which it
/// changes in place, given gradients by the same names and the rate as a fraction of its height, which a
/// [org.sfumato.nn.optim.Schedule] gives for each step.
///
/// ```java
/// var optimizer = new AdamW(model.parameters(), AdamW.Config.of(1e-3));
/// var schedule = new Schedule.Wsd(50, 2000, 0.6, 0);
/// optimizer.step(ClipNorm.apply(gradientsByName, 1).gradients(), schedule.at(step));
/// ```
///
/// All state is in tensors by name, so that a checkpoint restores it exactly.
package org.sfumato.nn.optim;
