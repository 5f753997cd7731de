/// Checkpoints that survive kills, full disks and torn writes, and settings as JSON.
package org.sfumato.nn.checkpoint;
