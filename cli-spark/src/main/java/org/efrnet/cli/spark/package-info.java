/** The commands that need Apache Spark. */
package org.efrnet.cli.spark;
