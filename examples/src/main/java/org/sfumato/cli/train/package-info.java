/// Commands that train: from text, from another model, from latents.
package org.sfumato.cli.train;
