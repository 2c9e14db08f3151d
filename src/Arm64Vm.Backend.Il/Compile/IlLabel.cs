namespace Arm64Vm.Backend.Il;

/// <summary>A place in a method's IL, known by its number before it is known where it is.</summary>
internal readonly record struct IlLabel(int Number);
