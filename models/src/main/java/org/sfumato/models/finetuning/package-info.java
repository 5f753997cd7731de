/// Supervised fine-tuning of masked diffusion models: answers are learned, prompts are given.
package org.sfumato.models.finetuning;
