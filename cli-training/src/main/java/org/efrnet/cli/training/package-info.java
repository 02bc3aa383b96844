/** The commands that need libtorch: training, and packs that train elsewhere. */
package org.efrnet.cli.training;
