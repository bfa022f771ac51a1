// Container networking as reviewed code: virtual networks over Linux hosts and Docker engines.
package sdn
