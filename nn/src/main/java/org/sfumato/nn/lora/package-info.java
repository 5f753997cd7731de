/// Low-rank adapters of linear layers: fine-tuning with the network itself unchanged.
package org.sfumato.nn.lora;
