"""The report's drawings: SVG whose text stays text, the same on paper and on the page; grey print tells lines apart."""
