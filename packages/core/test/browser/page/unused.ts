import '@bregman/core';
