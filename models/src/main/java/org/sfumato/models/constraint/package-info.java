/// What a written text must look like.
package org.sfumato.models.constraint;
