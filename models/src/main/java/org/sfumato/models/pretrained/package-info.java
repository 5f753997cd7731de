/// Networks from folders as the Hugging Face hub gives them.
package org.sfumato.models.pretrained;
