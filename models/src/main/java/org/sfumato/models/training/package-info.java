/// Training of networks: recipes, the loop of steps, checkpoints.
package org.sfumato.models.training;
