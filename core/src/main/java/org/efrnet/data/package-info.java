/** Data sets: labelled pictures, their augmentation, and generated street scenes. */
package org.efrnet.data;
