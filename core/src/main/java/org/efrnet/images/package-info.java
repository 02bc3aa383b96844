/** Pictures and masks in Java memory: reading, resizing, drawing, writing. */
package org.efrnet.images;
