/** From pictures to class maps. */
package org.efrnet.segment;
