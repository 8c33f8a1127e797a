"""Signs of equipment, 24 by 24, drawn in the colour of the text."""

SYMBOLS = {
    "rack": '<rect x="5" y="2" width="14" height="20" rx="1.5"/><path d="M5 7h14M5 12h14M5 17h14"/>',
    "pump": '<circle cx="12" cy="12" r="9"/><path d="M7 5v14l13-7z"/>',
    "exchanger": '<rect x="4" y="3" width="16" height="18" rx="1.5"/><path d="M4 21 20 3M1 8h3M20 8h3M1 17h3M20 17h3"/>',
    "tower": '<path d="M5 22 8 9 7 2h10l-1 7 3 13zM6.5 16h11M8 9h8"/>',
    "cooler": '<rect x="2" y="9" width="20" height="12" rx="1.5"/><path d="M6 9v12M10 9v12M14 9v12M18 9v12M6 5h12M12 2v6"/>',
    "chiller": '<path d="M12 2v20M3.3 7l17.4 10M3.3 17 20.7 7M9 3.5l3 3 3-3M9 20.500l3-3 3 3"/>',
    "fan": '<circle cx="12" cy="12" r="10"/>'
    '<path d="M12 12c-5-2-5-7-1-8 3 2 3 5 1 8zm0 0c4-3 9-1 8 3-3 2-6 1-8-3zm0 0c1 5-3 8-6 5-1-3 2-6 6-5z"/>',
    "thermometer": '<path d="M10 4a2 2 0 0 1 4 0v9a5 5 0 1 1-4 0z"/><path d="M12 8v9"/><circle cx="12" cy="17.500" r="2"/>',
    "gauge": '<circle cx="12" cy="12" r="10"/><path d="M12 12 17 6M4 15h2M18 15h2M12 4v2"/>',
    "power": '<path d="M13 2 5 14h6l-1 8 8-12h-6z"/>',
    "air": '<path d="M2 8h12c4 0 4-5 1-5-1.500 0-2 1-2 2M2 13h17c4 0 4 6 0 6-2 0-2.500-1.500-2-2.500M2 18h9"/>',
}
