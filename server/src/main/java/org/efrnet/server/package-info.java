/** Segmentation as a service: HTTP, WebSocket, and the page that a browser shows. */
package org.efrnet.server;
