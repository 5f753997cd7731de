/// How good and how different samples are.
package org.sfumato.models.evaluation;
