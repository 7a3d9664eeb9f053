module.exports = (task) => `a folder's ${task}`;
